import DefaultTheme from 'vitepress/theme';
import './pictures.css';
import './narrow.css';

export default DefaultTheme;
